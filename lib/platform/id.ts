import { v7 } from "uuid";

/** A new opaque id: uuid v7, so that ids made later sort later and indexes stay dense. */
export const newId = (): string => v7();
