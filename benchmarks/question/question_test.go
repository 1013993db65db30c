package question

import (
	"flag"
	"testing"
)

func TestGiven(t *testing.T) {
	before := flag.CommandLine
	defer func() { flag.CommandLine = before }()
	flag.CommandLine = flag.NewFlagSet("", flag.ContinueOnError)
	seeds, images := flag.Int("seeds", 3, ""), flag.Int("images", 100, "")
	if err := flag.CommandLine.Parse([]string{"-seeds", "3"}); err != nil {
		t.Fatal(err)
	}
	if got := [2]int{Given("seeds", *seeds, 1), Given("images", *images, 10)}; got != [2]int{3, 10} {
		t.Errorf("got %d, want 3, which was given, and 10", got)
	}
}
