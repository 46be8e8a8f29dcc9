export const loginZh = {
  "login.title": "登录",
  "login.login": "用户名",
  "login.password": "密码",
  "login.go": "登录",
  "login.busy": "正在登录……",
  "login.or": "或者",
  "login.oidc": "用统一身份认证登录",
  "login.hint": "忘记密码或没有账号？请联系本校或本县的管理员。",
};
