/** How long an item waits in Trash: 30 × 24 h, whatever daylight saving does. Stored with the item as purge_after. */
export const RETENTION_MS = 30 * 24 * 60 * 60 * 1000;
