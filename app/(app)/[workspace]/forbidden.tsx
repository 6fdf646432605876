export { Forbidden as default } from "@/app/_ui/forbidden";
