package setting

import (
	"math"
	"testing"
)

func TestErrorsAreOneSentence(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string // "" for no error.
	}{
		{Fraction("ssl.BYOL: Tau", 1, .99), "ssl.BYOL: Tau is 1; it must be in (0, 1) (0 means 0.99)"},
		{Fraction("ssl.BYOL: Tau", .5, .99), ""},
		{Fraction("f", 0), "f is 0; it must be in (0, 1)"},
		{Fraction("f", math.NaN()), "f is NaN; it must be in (0, 1)"},
		{Positive("f", -1), "f is -1; it must be above 0 and finite"},
		{Positive("f", math.NaN()), "f is NaN; it must be above 0 and finite"},
		{Positive("f", math.Inf(1)), "f is +Inf; it must be above 0 and finite"},
		{Positive("f", 1e-9), ""},
		{NotNegative("f", 0), ""},
		{NotNegative("f", -.1), "f is -0.1; it must be at least 0 and finite"},
		{NotNegative("f", math.Inf(1)), "f is +Inf; it must be at least 0 and finite"},
		{Within(.2, 1, "f", .1), "f is 0.1; it must be in [0.2, 1]"},
		{Within(.2, 1, "f", .2), ""},
		{Within(.2, 1, "f", 1), ""},
		{Within(.2, 1, "f", math.NaN()), "f is NaN; it must be in [0.2, 1]"},
		{UpTo(1, "f", 0, .9), "f is 0; it must be in (0, 1] (0 means 0.9)"},
		{UpTo(1, "f", 1), ""},
		{UpTo(1, "f", 1.5), "f is 1.5; it must be in (0, 1]"},
		{UpTo(1, "f", math.NaN()), "f is NaN; it must be in (0, 1]"},
		{Below(1, "f", 0), ""},
		{Below(1, "f", -.5), "f is -0.5; it must be in [0, 1)"},
		{Below(.5, "f", .5), "f is 0.5; it must be in [0, 0.5)"},
		{Below(1, "f", math.NaN()), "f is NaN; it must be in [0, 1)"},
		{AtLeast(2, "f", 1, "the encoder's features"), "f is 1; it must be at least 2 (0 means the encoder's features)"},
		{AtLeast(2, "f", 2), ""},
		{Must(false, "f", "x", "y or z"), "f is x; it must be y or z"},
		{Missing("kit.Recipe: Data", "a data.Source, such as data.Shapes{}"),
			"kit.Recipe: Data is missing; it must be a data.Source, such as data.Shapes{}"},
	} {
		got := ""
		if test.err != nil {
			got = test.err.Error()
		}
		if got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
