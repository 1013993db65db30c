package data

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestProgressShowsWhereItTakesLong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		total int64
		unit  string
		after time.Duration
		want  []string // parts of the last line; none: nothing is shown
	}{
		{"images", 200, "images", 0, []string{"decoding", "100%", "(200/200"}},
		{"bytes", 200, "", 0, []string{"decoding", "100%", "(200/200 B"}},
		{"files, nobody knows how many", -1, "files", 0, []string{"decoding", "1/-"}},
		{"in a moment", 200, "images", time.Hour, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			p := newProgress(&log, "decoding", c.total, c.unit, c.after)
			for range 200 {
				p.add(1)
			}
			p.end()
			if c.want == nil && log.Len() > 0 {
				t.Errorf("it shows %q", log.String())
			}
			lines := strings.Split(strings.TrimSpace(log.String()), "\n")
			for _, part := range c.want {
				if !strings.Contains(lines[len(lines)-1], part) || strings.Contains(log.String(), "\r") {
					t.Errorf("it shows %q, want %q", log.String(), part)
				}
			}
			if len(lines) > 3 {
				t.Errorf("%d lines in a moment", len(lines))
			}
		})
	}
}
