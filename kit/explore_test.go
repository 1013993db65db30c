package kit

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"sslkit/data"
)

func TestExplore(t *testing.T) {
	t.Parallel()
	run := finished(t)
	for _, test := range []struct {
		split   data.Split
		columns string
	}{
		{data.Test, "label, group, k-NN's prediction, k-NN is"},
		{data.Train, "label, group"}, // A training image would find itself.
	} {
		page, err := run.Explore(test.split, 20)
		if err != nil {
			t.Fatal(err)
		}
		text := regexp.MustCompile(`(?s)id="data">(.*?)</script>`).FindSubmatch(page.HTML())
		var got struct {
			N, Thumbnails int
			Layouts       []struct{ Name string }
			Columns       []struct{ Name string }
		}
		if err := json.Unmarshal(text[1], &got); err != nil {
			t.Fatal(err)
		}
		if got.N != 20 || got.Thumbnails != 20 || len(got.Layouts) != 4 {
			t.Errorf("%s: %d points, %d pictures, %d layouts; want 20, 20 and 4", test.split, got.N, got.Thumbnails, len(got.Layouts))
		}
		var names []string
		for _, c := range got.Columns {
			names = append(names, c.Name)
		}
		if columns := strings.Join(names, ", "); columns != test.columns {
			t.Errorf("%s: the columns are %s, want %s", test.split, columns, test.columns)
		}
		again, err := run.Explore(test.split, 20)
		if err != nil || !bytes.Equal(page.HTML(), again.HTML()) {
			t.Errorf("%s: the page differs the second time (%v)", test.split, err)
		}
	}
	want := "kit.Run.Explore: images is 9; it must be at least 10"
	if _, err := run.Explore(data.Test, 9); err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}
