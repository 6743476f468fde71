/** Not before this version was made: an older clock is wrong. */
export const buildFloorMs = Date.UTC(2026, 10, 1);
