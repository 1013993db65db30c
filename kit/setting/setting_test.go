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

// What float32 takes for 0 or for infinity, and what no memory holds, is refused too.
func TestWhatCannotBeComputedWithIsAnError(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{Positive("f", 1e-300), "f is 1e-300; it must be from 1e-16 to 1e+16, which float32 can compute with"},
		{Positive("f", 1e300, .5), "f is 1e+300; it must be from 1e-16 to 1e+16, which float32 can compute with (0 means 0.5)"},
		{NotNegative("f", 1e-300), "f is 1e-300; it must be from 1e-16 to 1e+16, which float32 can compute with"},
		{Fraction("f", 1e-300), "f is 1e-300; it must be from 1e-16 to 1e+16, which float32 can compute with"},
		{Fraction("f", 1-1e-12), "f is 0.999999999999; it must be in (0, 1), and not 1 in float32"},
		{UpTo(1, "f", 1e-300), "f is 1e-300; it must be from 1e-16 to 1e+16, which float32 can compute with"},
		{Divisor("f", 1e-5, .1), "f is 1e-05; it must be in [0.0001, 10000] (0 means 0.1)"},
		{Divisor("f", -1), "f is -1; it must be above 0 and finite"},
		{Divisor("f", .1), ""},
		{Features(1, "f", 1<<40), "f is 1099511627776; it must be at most 1048576"},
		{Features(2, "f", 1, 8), "f is 1; it must be at least 2 (0 means 8)"},
		{FeaturesOr("the encoder's", "f", 0), ""},
		{FeaturesOr("the encoder's", "f", -1), "f is -1; it must be at least 1 (0 means the encoder's)"},
		{Repeats(1, "f", 1001), "f is 1001; it must be at most 1000"},
		{Pixels(0, "f", 1<<20), "f is 1048576; it must be at most 8192"},
		{Steps(1, "f", 1<<62), "f is 4611686018427387904; it must be at most 1073741824"},
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
