package question

import (
	"os"
	"strings"
	"testing"

	"sslkit/kit/device/devicetest"
)

// TestMain answers as a child: with its task, behind a line of other words.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "-child" {
		switch os.Args[2] {
		case `"fail"`:
			os.Stdout.WriteString("half of it")
			os.Exit(3)
		case `"rubbish"`:
			os.Stdout.WriteString("no JSON\n")
		default:
			os.Stdout.WriteString("compiling\n" + os.Args[2] + "\n")
		}
		os.Exit(0)
	}
	devicetest.Main(m)
}

func TestChild(t *testing.T) {
	t.Parallel()
	task, said := map[string]int{"Batch": 7}, map[string]int{}
	if err := Child(task, &said); err != nil || said["Batch"] != 7 {
		t.Errorf("the child says %v, %v", said, err)
	}
	for what, want := range map[string]string{"fail": `exit status 3; it says "half of it"`, "rubbish": `the child says "no JSON"`} {
		if err := Child(what, &said); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
}
