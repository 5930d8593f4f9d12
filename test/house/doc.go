// Package house checks the house itself: that imports point downwards, that
// every package says what it is for, and that the documents name what exists.
// It holds tests only.
package house
