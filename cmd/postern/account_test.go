package main

import "testing"

func TestAmount(t *testing.T) {
	for octets, want := range map[int64]string{
		0: "0 octets", 1023: "1023 octets", 1 << 10: "1 KiB", 5 << 30: "5 GiB", 1000000: "977 KiB", 94496565: "90.1 MiB", 1048000: "1.00 MiB",
	} {
		if got := amount(octets); got != want {
			t.Errorf("%d is told as %q, want %q", octets, got, want)
		}
	}
}
