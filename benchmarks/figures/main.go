// Command figures writes the figures with an interval of README.md, benchmarks/README.md and the
// Markdown of the notebooks anew, from the rows of benchmarks/results as they now are:
//
//	go run ./benchmarks/figures             # after results were measured anew, and before they are committed
//	go run ./benchmarks/figures -was HEAD~1
//
// A figure is known by the row that it was rounded from in an earlier commit.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/benchmarks/result"
	"sslkit/kit/wholefile"
)

func main() {
	was := flag.String("was", "HEAD", "the `commit` whose results the pages tell")
	flag.Parse()
	if err := update(*was); err != nil {
		fmt.Fprintf(os.Stderr, "figures: %v\n", err)
		os.Exit(1)
	}
}

// update rewrites all pages, and returns an error that names each figure which is left as it is.
func update(was string) error {
	files, err := filepath.Glob("benchmarks/results/*.json")
	if err != nil || len(files) == 0 {
		return fmt.Errorf("there are no benchmarks/results here; run it from the root of the repository: %w", err)
	}
	changed := rows{}
	for _, file := range files {
		now, err := result.Read(file)
		if err != nil {
			continue // Of another format, such as the faults'.
		}
		old, err := exec.Command("git", "show", was+":"+path.Clean(filepath.ToSlash(file))).Output()
		if err != nil {
			continue // It is new: nothing tells of it yet.
		}
		var before result.Result
		if err := json.Unmarshal(old, &before); err != nil {
			return fmt.Errorf("reading %s of %s: %w", file, was, err)
		}
		changed.add(filepath.Base(file), before, now)
	}
	pages := []string{"README.md", "benchmarks/README.md"}
	notebooks, err := filepath.Glob("notebooks/*.ipynb")
	if err != nil {
		return err
	}
	var left []string
	for _, page := range append(pages, notebooks...) {
		content, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		rewrite := changed.inText
		if filepath.Ext(page) == ".ipynb" {
			rewrite = changed.inNotebook
		}
		text, problems, err := rewrite(string(content))
		if err != nil {
			return fmt.Errorf("%s: %w", page, err)
		}
		for _, p := range problems {
			left = append(left, page+": "+p)
		}
		if text != string(content) {
			if err := wholefile.WriteBytes(page, []byte(text)); err != nil {
				return err
			}
			fmt.Println("written anew:", page)
		}
	}
	if left != nil {
		return fmt.Errorf("%d figures are left as they are:\n  %s", len(left), strings.Join(left, "\n  "))
	}
	return nil
}

// told is a row as prose may have it, before and now.
type told struct {
	name string // Of its file, case and metric.
	now  *result.Row
	side bool // Told from the other side.
}

// rows are what prose may tell, by the numbers as it has them.
type rows map[[3]string][]told

// add adds those of a file.
func (r rows) add(file string, before, now result.Result) {
	for _, row := range before.Rows {
		var same *result.Row
		if i := slices.IndexFunc(now.Rows, func(n result.Row) bool { return n.Case == row.Case && n.Metric == row.Metric }); i >= 0 {
			same = &now.Rows[i]
		}
		for digits := range result.MostDigits + 1 {
			for _, side := range []bool{false, true} {
				at := row.Rounded(digits, side)
				r[at] = append(r[at], told{file + ": " + row.Case + ", " + row.Metric, same, side})
			}
		}
	}
}

// inText rewrites the figures of a text. What no row had before is no figure of a result, and is
// left.
func (r rows) inText(text string) (string, []string, error) {
	var problems []string
	out := result.Figure.ReplaceAllStringFunc(text, func(figure string) string {
		match := result.Figure.FindStringSubmatch(figure)
		plain := result.Plain(match)
		_, behind, _ := strings.Cut(plain[0], ".")
		now, named := map[[3]string]bool{}, []string{}
		for _, t := range r[plain] {
			named = append(named, t.name)
			if t.now != nil {
				now[t.now.Rounded(len(behind), t.side)] = true
			} else {
				now[[3]string{}] = true // It is there no more.
			}
		}
		if len(named) == 0 || (len(now) == 1 && now[plain]) {
			return figure
		}
		if len(now) > 1 || now[[3]string{}] {
			problems = append(problems, fmt.Sprintf("%s could be of %s, which are not one row any more", figure, strings.Join(named, "; ")))
			return figure
		}
		for numbers := range now {
			for i, number := range numbers {
				figure = strings.Replace(figure, match[i+1], fmt.Sprintf("\x00%d", i), 1)
				match[i+1] = signed(number, match[i+1])
			}
		}
		for i := range 3 {
			figure = strings.Replace(figure, fmt.Sprintf("\x00%d", i), match[i+1], 1)
		}
		return figure
	})
	return out, problems, nil
}

// signed is a number with the signs of the one in whose place it comes.
func signed(number, like string) string {
	if rest, negative := strings.CutPrefix(number, "-"); negative && !strings.HasPrefix(like, "-") {
		return "−" + rest
	}
	if strings.HasPrefix(like, "+") {
		return "+" + number
	}
	return number
}

// inNotebook rewrites the figures of the Markdown cells of a notebook, and nothing else of it.
func (r rows) inNotebook(content string) (string, []string, error) {
	var notebook struct {
		Cells []struct {
			Type   string   `json:"cell_type"`
			Source []string `json:"source"`
		} `json:"cells"`
	}
	if err := json.Unmarshal([]byte(content), &notebook); err != nil {
		return "", nil, err
	}
	var problems []string
	for _, cell := range notebook.Cells {
		if cell.Type != "markdown" {
			continue
		}
		text, left, err := r.inText(strings.Join(cell.Source, ""))
		if err != nil {
			return "", nil, err
		}
		problems = append(problems, left...)
		for i, line := range slices.Collect(strings.Lines(text)) {
			if line == cell.Source[i] {
				continue
			}
			old, now := encoded(cell.Source[i]), encoded(line)
			if strings.Count(content, old) != 1 {
				problems = append(problems, fmt.Sprintf("the line %s is not in the file once", old))
				continue
			}
			content = strings.Replace(content, old, now, 1)
		}
	}
	return content, problems, nil
}

// encoded is a text as notebooks have it.
func encoded(text string) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.Encode(text) // Which can't fail.
	return strings.TrimSuffix(out.String(), "\n")
}
