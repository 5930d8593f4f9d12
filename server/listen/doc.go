// Package listen accepts the connections of every door: TLS, the PROXY
// protocol, limits, deadlines for slow clients, and an end that tells sessions.
// cmd makes one Server from the configuration; a door sees a Conn.
//
// What it promises:
//
//   - The floor is TLS 1.2 on every listener that does not say otherwise. Each
//     has a tls.Config and ticket keys of its own, so that no session resumes on
//     another. ALPN and server names are held to where clients send them.
//   - Certificate files that change are taken without a restart; a new pair that
//     does not work is logged and the old one stays.
//   - Who does not finish the handshake or does not sign in within its time is
//     cut off, however busily it sends, and so is who does not take what is
//     written to it. When too many have not signed in, the oldest of the network
//     that has most of them makes room.
//   - Nothing that was sent before STARTTLS is obeyed after it (RFC 9051 §6.2.1,
//     RFC 3207 §4, RFC 2595 §4): see Conn.StartTLS and Reader.
//   - A panic in a door ends its connection only.
//
// docs/design/0008-listen.md has the reasons.
package listen
