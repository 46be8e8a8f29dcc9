import type { loginZh } from "./login.zh.ts";

export const loginEn: Record<keyof typeof loginZh, string> = {
  "login.title": "Sign in",
  "login.login": "Login name",
  "login.password": "Password",
  "login.go": "Sign in",
  "login.busy": "Signing in…",
  "login.or": "or",
  "login.oidc": "Use the sign-in service",
  "login.hint": "Forgotten your password, or no account? Ask an administrator of your school or county.",
};
