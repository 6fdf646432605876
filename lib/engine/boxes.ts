import { z } from "zod";

/**
 * What an object detection project marks on an image: an axis-parallel rectangle with a class. In pixels of the image as
 * people see it (EXIF orientation applied), x and y from the top left corner to the box's top left corner.
 */
export interface Box {
  label: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export const boxSchema = z.strictObject({
  label: z.string().min(1),
  x: z.number().min(0),
  y: z.number().min(0),
  width: z.number().positive(),
  height: z.number().positive(),
});
