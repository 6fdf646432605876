import { nothingHere } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = nothingHere();
