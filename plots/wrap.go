package plots

import (
	"sort"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// wrap breaks text between words into lines no wider than width. A word that is wider than a line
// on its own is shortened, so nothing is ever drawn outside its place.
func wrap(style text.Style, s string, width vg.Length) []string {
	var lines []string
	for _, word := range strings.Fields(s) {
		if n := len(lines); n > 0 && style.Width(lines[n-1]+" "+word) <= width {
			lines[n-1] += " " + word
			continue
		}
		lines = append(lines, shorten(style, word, width))
	}
	return lines
}

// wrapTo is wrap to at most so many lines, the last of which ends with an ellipsis where there would be
// more.
func wrapTo(style text.Style, s string, width vg.Length, most int) []string {
	lines := wrap(style, s, width)
	if len(lines) <= most {
		return lines
	}
	return append(lines[:most-1:most-1], shorten(style, strings.Join(lines[most-1:], " "), width))
}

// longestText is more letters than a line of any figure has.
const longestText = 500

// shorten cuts text to a width and ends it with an ellipsis where it had to.
func shorten(style text.Style, s string, width vg.Length) string {
	if style.Width(s) <= width {
		return s
	}
	runes := []rune(s)
	runes = runes[:min(len(runes), longestText)]
	cut := func(n int) string { return strings.TrimRight(string(runes[:n]), " ") + "…" }
	tooWide := sort.Search(len(runes), func(n int) bool { return style.Width(cut(n)) > width })
	if tooWide < 2 {
		return "…"
	}
	return cut(tooWide - 1)
}
