export { NotFound as default } from "@/app/_ui/not-found";
