package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"postern/test/bench/load"
	"postern/test/bench/peer"
)

func servers() []*target {
	return []*target{
		newTarget(peer.Remote("postern", "", ""), false),
		newTarget(peer.Remote("one", "", ""), true),
		newTarget(peer.Remote("two", "", ""), true),
	}
}

func TestRatioIsAgainstTheBestReference(t *testing.T) {
	for _, c := range []struct {
		lower  bool
		values [3]float64
		want   string
	}{
		{false, [3]float64{800, 100, 200}, "4.00×"},
		{false, [3]float64{100, 200, 50}, "0.50×"},
		{true, [3]float64{2, 10, 40}, "5.00×"},
		{true, [3]float64{0, 10, 40}, "-"},
	} {
		tab := &table{servers: servers()}
		tab.add(row{lower: c.lower}, []cell{
			{values: []float64{c.values[0]}}, {values: []float64{c.values[1]}}, {values: []float64{c.values[2]}},
		})
		if got := tab.ratio(0); got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}

func TestTableNamesWhatWasNotMeasured(t *testing.T) {
	tab := &table{servers: servers()}
	tab.add(row{key: "k", name: "work", unit: "/s", aim: 2}, []cell{
		{values: []float64{4000, 1000, 3000}}, {err: errors.New("refused")}, {values: []float64{1500}},
	})
	var out bytes.Buffer
	err := tab.print(&out)
	if err == nil || !strings.Contains(err.Error(), "k, one: refused") {
		t.Errorf("error: %v", err)
	}
	if want := "| work, /s |   3,000 |   - | 1,500 |              2.00× | ≥ 2× |\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("table:\n%s", out.String())
	}
}

func TestRowsAreChosenByKey(t *testing.T) {
	got, err := choose(allRows(), "store, push")
	if err != nil || len(got) != 3 {
		t.Errorf("got %d rows, %v", len(got), err)
	}
	if _, err := choose(allRows(), "nonsense"); err == nil {
		t.Error("no error for a word that matches no row")
	}
}

func TestRareMessagesAreCounted(t *testing.T) {
	for _, n := range []int{1, 498, 499, 500, 2000, 20000} {
		want := 0
		for i := range n {
			if i%load.RareEvery == load.RareEvery/2 {
				want++
			}
		}
		if got := rareIn(n); got != want {
			t.Errorf("%d messages: got %d, want %d", n, got, want)
		}
	}
}

func TestAppendCommand(t *testing.T) {
	b := appendCommand("Box", 3, 5)
	want := "APPEND Box"
	for i := 3; i < 5; i++ {
		want = string(appendLiteral([]byte(want), load.Message(i)))
	}
	if string(b) != want+"\r\n" {
		t.Error("two messages are not two literals of one command")
	}
}
