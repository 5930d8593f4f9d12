// Package policy decides sign-ins. A Document is written by people in TOML; it
// is compiled once into an immutable Revision; Judge is a pure function of a
// Revision and one Facts record: no clock, no network, no write, no
// allocation. So a candidate revision can judge what the current one answers.
//
// The authority (package signin) is the caller: it collects the facts, asks
// Judge, and acts.
package policy
