package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

var sizeUnits = []struct { //nolint:gochecknoglobals // a constant table; longer names first
	name   string
	factor float64
}{
	{"kib", 1 << 10},
	{"mib", 1 << 20},
	{"gib", 1 << 30},
	{"tib", 1 << 40},
	{"kb", 1e3},
	{"mb", 1e6},
	{"gb", 1e9},
	{"tb", 1e12},
	{"b", 1},
	{"", 1},
}

// ParseSize reads a size such as "64 MiB"; a bare number is octets.
func ParseSize(s string) (Size, error) {
	t := strings.ToLower(strings.TrimSpace(s))
	for _, u := range sizeUnits {
		n, ok := strings.CutSuffix(t, u.name)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(n), 64)
		if err != nil || f < 0 || math.IsNaN(f) || f*u.factor > math.MaxInt64/2 {
			break
		}
		return Size(f * u.factor), nil
	}
	return 0, fmt.Errorf("%q is not a size; write a number of octets or one with a unit, such as \"64 MiB\"", s)
}

// UnmarshalText reads a size from the file.
func (s *Size) UnmarshalText(b []byte) error {
	v, err := ParseSize(string(b))
	*s = v
	return err
}

// String is the size with the largest binary unit that divides it.
func (s Size) String() string {
	for _, u := range []struct {
		name   string
		factor Size
	}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if s != 0 && s%u.factor == 0 {
			return fmt.Sprintf("%d %s", s/u.factor, u.name)
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// ParseDuration reads a length of time such as "90d" or "1h30m".
func ParseDuration(s string) (Duration, error) {
	t := strings.TrimSpace(s)
	if n, ok := strings.CutSuffix(t, "d"); ok {
		days, err := strconv.ParseFloat(n, 64)
		if err == nil && days >= 0 && days < 36500 {
			return Duration(days * float64(24*time.Hour)), nil
		}
	} else if d, err := time.ParseDuration(t); err == nil && d >= 0 {
		return Duration(d), nil
	}
	return 0, fmt.Errorf("%q is not a length of time; write one such as \"30s\", \"20m\", \"12h\" or \"90d\"", s)
}

// UnmarshalText reads a length of time from the file.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := ParseDuration(string(b))
	*d = v
	return err
}

// String is the length of time as Go writes it.
func (d Duration) String() string { return time.Duration(d).String() }
