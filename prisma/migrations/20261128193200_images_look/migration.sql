-- What an image looks like, in 128 bits (lib/engine/look.ts); null for those of builds before.
ALTER TABLE "images" ADD COLUMN     "look" TEXT;
