// Package fileblob is the blob engine of a single machine: append-only segment
// files with checksums, and one fsync for all writers that wait. It is a
// blob.Store; cmd opens it and the mailbox engine writes into it.
//
// docs/formats/fileblob.md has the bytes, docs/design/0004-blobs.md the reasons.
// In short:
//
//   - A Ref says where its record is and carries 64 random bits that the record
//     has too, so that opening needs no index and a stale Ref never meets
//     somebody else's bytes.
//   - Blobs up to 256 KiB share segments. Bigger ones are written once, to a
//     spool file that becomes a segment of its own by rename.
//   - Delete overwrites eight bytes in the record's header, which needs no room
//     on a full disk, and makes that durable. Only then is the room given back,
//     by punching a hole or, when all records of a segment are dead, by
//     unlinking it.
//   - A segment that was not sealed is examined when the store is opened: what
//     follows its last whole record is cut off.
package fileblob
