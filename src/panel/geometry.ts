/** A panel is data: pixels, millimetres, and what the glass can do. */

export type Rotation = 0 | 90 | 180 | 270;
export type PanelColours = "black-white" | "grey" | "black-white-red" | "colour";

export interface PanelGeometry {
  readonly id: string;
  readonly name: string;
  /** As customers see it, after rotation. */
  readonly widthPx: number;
  readonly heightPx: number;
  readonly widthMm: number;
  readonly heightMm: number;
  readonly colours: PanelColours;
  /** Whether the picture may change every second (HDMI), or only with the scene (e-paper). */
  readonly isLive: boolean;
  /** The distance from which customers read it. Type sizes depend on it. */
  readonly readingDistanceMm: number;
  /** Larger type than the distance asks for, for people who see badly. */
  readonly isLargeType?: boolean;
}

export function mmToPx(geometry: PanelGeometry, mm: number): number {
  return (mm * geometry.widthPx) / geometry.widthMm;
}

export function pxToMm(geometry: PanelGeometry, px: number): number {
  return (px * geometry.widthMm) / geometry.widthPx;
}

/** Swaps the sides of a panel that is mounted on its side. */
export function rotated(geometry: PanelGeometry, rotation: Rotation): PanelGeometry {
  if (rotation === 0 || rotation === 180) return geometry;
  const { widthPx, heightPx, widthMm, heightMm } = geometry;
  return { ...geometry, widthPx: heightPx, heightPx: widthPx, widthMm: heightMm, heightMm: widthMm };
}
