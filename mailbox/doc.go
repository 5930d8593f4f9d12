// Package mailbox is Postern's one mailbox engine. Every door, delivery,
// import, backup and fsck open an account with a grant and work on its
// mailboxes here; nobody else reads or writes mail rows.
//
// What it promises:
//
//   - A nil error of a changing method means that the change is durable, whole,
//     and in every session's next View.Sync.
//   - (UIDVALIDITY, UID) names one immutable message for ever; UIDs, UIDNEXT,
//     UIDVALIDITY and MODSEQ never fall and are never handed out twice.
//   - APPEND, STORE of one message, and waiting cost what changed, whatever the
//     size of the mailbox. What a session sees is a Snapshot, shared by all
//     sessions; sequence numbers move in View.Sync only.
//   - Errors are of package fault: NotFound for a missing mailbox, Denied for a
//     missing right, OverQuota, TooLarge over a limit of Limits, Invalid for
//     names and flags that cannot be, Damaged for stored bytes that fail (the
//     other messages stay readable), Closed after Close or revocation.
//
// Slices that a method returns belong to the caller unless it says otherwise.
package mailbox
