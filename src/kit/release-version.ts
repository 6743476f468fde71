/** Three numbers, as the launcher orders them. */
export const versionPattern = /^\d{1,6}\.\d{1,6}\.\d{1,6}$/;
