// Package signin is the one sign-in authority. Doors hand it an Attempt and get
// a Verdict; on allow the verdict carries the grant.Grant that alone opens a
// mailbox. The administration of accounts and credentials is here too, so that
// whatever changes who may sign in also ends the sessions that it must end.
//
// It promises: the same answer, bytes and work for an unknown, a disabled, a
// locked and an existing account; never the words of a wrong password for a
// failure of ours; every attempt in the sign-in log, no secret in any log.
package signin
