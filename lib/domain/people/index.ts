export { authenticateKey, createApiKey, listApiKeys, revokeApiKey, type ApiKey } from "./api-keys";
export { acceptInvite, getInvite, renewInvite, type Invite } from "./invitations";
export { addMember, changeRole, listMembers, removeMember, type Member } from "./members";
export {
  authenticateSession,
  signInByVerifiedEmail,
  isLocale,
  LOCALES,
  personContext,
  setLocale,
  signIn,
  usersExist,
  type Locale,
  type SessionContext,
  type SessionRef,
} from "./sessions";
export { createUser, deleteUser, getUserByEmail, setPassword } from "./accounts";
