export { authenticateKey, createApiKey, listApiKeys, revokeApiKey, type ApiKey } from "./api-keys";
export {
  acceptInvite,
  addMember,
  changeRole,
  getInvite,
  listMembers,
  removeMember,
  renewInvite,
  type Invite,
  type Member,
} from "./members";
export {
  authenticateSession,
  findSessionByEmail,
  isLocale,
  LOCALES,
  setLocale,
  signIn,
  usersExist,
  type Locale,
  type SessionContext,
  type SessionRef,
} from "./sessions";
export { createUser, createWorkspace, deleteUser, getUserByEmail, setPassword, systemMembership } from "./accounts";
