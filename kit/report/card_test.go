package report

import (
	"strings"
	"testing"
)

// The Markdown is a table of two columns whatever is stated, and says what is not.
func TestModelCardMarkdown(t *testing.T) {
	t.Parallel()
	card := full(t).Model
	card.Limits = "a | b\nsecond line"
	got := card.Markdown()
	for _, want := range []string{
		"| Model | resnet18-w16, 128 features, trained with simclr, seed 0 |\n", "| Weights | abc |\n", "| Trained | date not known |\n",
		"| Training images | a<b>/train, 120 images of 32 × 32 pixels, 50 of subgroup <warm>, 70 of subgroup cool |\n",
		"| Evaluated images | none: there are no <test> images |\n", "| Intended use | To be <tested> |\n",
		"| Limits and recommendations | a \\| b second line |\n", "| Licence | *not stated* |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	card.Began, card.Commit, card.Training.Groups = "2026-11-30T10:00:00Z", "c0ffee", nil
	for _, want := range []string{"| Trained | 2026-11-30T10:00:00Z, commit c0ffee |\n", "32 × 32 pixels, subgroups not known |\n"} {
		if got := card.Markdown(); !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}
