package mime

import (
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	for in, want := range map[string]string{
		"Mon, 5 Jan 2026 09:30:00 +0100":              "2026-01-05T09:30:00+01:00",
		"5 Jan 2026 09:30 -0530":                      "2026-01-05T09:30:00-05:30",
		"Fri, 21 Nov 97 09:55:06 GMT":                 "1997-11-21T09:55:06Z",
		"21 Nov 03 09:55:06 EST":                      "2003-11-21T09:55:06-05:00",
		"21 Nov 103 09:55:06 pdt":                     "2003-11-21T09:55:06-07:00",
		"Thu, 13 Feb 1969 23:32 -0330 (Newfoundland)": "1969-02-13T23:32:00-03:30",
		"Thu (day), 13 (a (nested)) Feb 1969 23:32":   "1969-02-13T23:32:00Z",
		"Mon Jan  5 09:30:00 2026":                    "2026-01-05T09:30:00Z",
		"Mon Jan  5 09:30:00 CET 2026":                "2026-01-05T09:30:00+01:00",
		"05-Jan-2026 09:30:00 +0000":                  "2026-01-05T09:30:00Z",
		"2026-01-05T09:30:15Z":                        "2026-01-05T09:30:15Z",
		"2026-01-05 09:30:00 +02:00":                  "2026-01-05T09:30:00+02:00",
		"Mon,5 Jan 2026 9:30:00PM":                    "2026-01-05T21:30:00Z",
		"Mon, 5 January 2026 12:00:60 A":              "2026-01-05T12:00:59Z",
		"31 Dec 2025 24:00:00 +0000":                  "2026-01-01T00:00:00Z",
		"5 Jan 2026":                                  "2026-01-05T00:00:00Z",
		"5 Jan 2026 09:30:00 GMT+0200":                "2026-01-05T09:30:00+02:00",
		"5 Jan 2026 09:30:00+0200":                    "2026-01-05T09:30:00+02:00",
		"29 Feb 2024 00:00 Z":                         "2024-02-29T00:00:00Z",
		"29 Feb 2026 00:00 Z":                         "",
		"0 Jan 2026":                                  "",
		"5 Jan 2026 25:00":                            "",
		"5 Foo 2026":                                  "",
		"":                                            "",
		"-":                                           "",
		"--":                                          "",
		"(":                                           "",
	} {
		got, ok := ParseDate(in)
		text := ""
		if ok {
			text = got.Format(time.RFC3339)
		}
		if text != want {
			t.Errorf("%q gives %q, not %q", in, text, want)
		}
	}
	for m := time.January; m <= time.December; m++ {
		in := time.Date(2026, m, 9, 1, 2, 3, 0, time.FixedZone("", -3600))
		if got, ok := ParseDate(in.Format(time.RFC1123Z)); !ok || !got.Equal(in) {
			t.Errorf("%v gives %v", in, got)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	f.Add("Mon, 5 Jan 2026 09:30:00 +0100 (CET)")
	f.Add("2026-01-05T09:30:00Z")
	f.Fuzz(func(t *testing.T, in string) {
		got, ok := ParseDate(in)
		if !ok {
			return
		}
		if got.Year() < 1900 || got.Year() > 10000 {
			t.Errorf("%q gives %v", in, got)
		}
		if again, ok := ParseDate(got.Format(time.RFC1123Z)); got.Year() < 10000 && (!ok || !again.Equal(got)) {
			t.Errorf("%q gives %v, and that gives %v", in, got, again)
		}
	})
}
