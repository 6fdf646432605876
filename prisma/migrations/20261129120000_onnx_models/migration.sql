-- A model that was made elsewhere is handed in as a training of its version, which ran no epochs here.
ALTER TYPE "TrainerKind" ADD VALUE 'HANDED_IN';
ALTER TABLE "trainings" DROP CONSTRAINT "trainings_numbers_positive";
ALTER TABLE "trainings" ADD CONSTRAINT "trainings_numbers_positive"
  CHECK ("number" >= 1 AND "epoch" >= 0 AND ("epochs" >= 1 OR ("epochs" = 0 AND "trainer"::text = 'HANDED_IN'))); -- as text: a new value cannot be used yet

-- What was found in an ONNX file when it came: how to show it an image, and what its outputs mean.
ALTER TABLE "models" ADD COLUMN "onnx" JSONB,
  ADD COLUMN "file_type" TEXT;
ALTER TABLE "trainings" ADD COLUMN "weights_onnx" JSONB;
