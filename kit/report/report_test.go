package report

import (
	"testing"
	"os"
)

func TestX(t *testing.T) {
	r := Report{Title: "a <b>"}
	b, err := r.HTML()
	if err != nil { t.Fatal(err) }
	os.WriteFile("/tmp/x.html", b, 0o644)
}
