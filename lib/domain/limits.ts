/*
 * How much of something one call, one image or one page may hold. What the machine bounds (bytes and pixels of an image)
 * is set where it is kept: MAX_IMAGE_MB in the environment, the pixels in the engine; lib/work/uploads/settings.ts tells all
 * of them to the browser.
 */

/** The most boxes on one image. */
export const BOXES_PER_IMAGE_MAX = 1_000;

/** The most images that one call may name by id. */
export const IMAGES_PER_CALL_MAX = 1_000;

/** The most source images that go to Trash as one item. */
export const IMAGES_PER_REMOVAL_MAX = 20_000;

/** The most images on one page of a list. */
export const IMAGES_PER_PAGE_MAX = 500;

/** The most tags on one image; the database holds to it too. */
export const TAGS_PER_IMAGE_MAX = 100;

/** The most keys in one image's metadata. */
export const METADATA_KEYS_MAX = 100;

/** The most images that one page of a search over the API has. */
export const SEARCH_PAGE_MAX = 250;

/** The most images that a search is exported with. */
export const SEARCH_EXPORT_IMAGES_MAX = 10_000;
