package must

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestValuesComeThrough(t *testing.T) {
	M(nil)
	if M1(1, nil) != 1 {
		t.Error("M1")
	}
	if a, b := M2(1, "b", nil); a != 1 || b != "b" {
		t.Error("M2")
	}
	if a, b, c := M3(1, "b", true, nil); a != 1 || b != "b" || !c {
		t.Error("M3")
	}
}

// failInChild, in the environment, makes this test binary end by an error.
const failInChild = "SSLKIT_TEST_MUST"

func TestErrorEndsTheProgramWithOneSentence(t *testing.T) {
	if os.Getenv(failInChild) != "" {
		M1(0, errors.New("the images are all black")) // Here.
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), failInChild+"=1")
	output, err := child.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v, want exit status 1", err)
	}
	want := "the images are all black\nin: M1(0, errors.New(\"the images are all black\")) // Here.\n"
	if string(output) != want {
		t.Errorf("said\n%s\nwant\n%s", output, want)
	}
}

func TestLineWithoutSource(t *testing.T) {
	var said strings.Builder
	report(&said, errors.New("no"), lineOf("not/there.go", 3))
	if said.String() != "no\n" {
		t.Errorf("said %q", said.String())
	}
}
