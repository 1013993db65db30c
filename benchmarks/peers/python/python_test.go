package python

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// start starts a script of these lines, or skips the test where there is no Python.
func start(t *testing.T, ctx context.Context, lines ...string) (*Process, error) {
	t.Helper()
	interpreter, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	script := filepath.Join(t.TempDir(), "side.py")
	text := "import json, sys\n" + strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return Start(ctx, interpreter, script, "--argument", "a b")
}

const versions = `print(json.dumps({"argument": sys.argv[2]}), flush=True)`

func TestAnswers(t *testing.T) {
	t.Parallel()
	p, err := start(t, t.Context(), versions, `for line in sys.stdin: print(json.dumps({"length": len(json.loads(line))}), flush=True)`)
	if err != nil {
		t.Fatal(err)
	}
	if p.Versions["argument"] != "a b" {
		t.Errorf("versions %v", p.Versions)
	}
	for _, length := range []int{0, 3, 1 << 20} {
		var got struct{ Length int }
		if err := p.Ask(strings.Repeat("x", length), &got); err != nil || got.Length != length {
			t.Errorf("%d, error %v, want %d", got.Length, err, length)
		}
	}
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// An answer may be longer than a buffer.
func TestLongAnswer(t *testing.T) {
	t.Parallel()
	p, err := start(t, t.Context(), versions, `for line in sys.stdin: print(json.dumps("x" * json.loads(line)), flush=True)`)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := p.Ask(1<<20, &got); err != nil || len(got) != 1<<20 {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line string
		want []string
	}{
		"exits with an error":   {`raise SystemExit("no module torch")`, []string{"versions from side.py", "exit status 1", "no module torch"}},
		"raises":                {`import no_such_module`, []string{"exit status 1", "ModuleNotFoundError: No module named 'no_such_module'"}},
		"ends without a line":   {``, []string{"it ended without an answer"}},
		"ends within a line":    {`print("{", end="")`, []string{"it ended without an answer"}},
		"prints rubbish":        {`print("Hello", flush=True)`, []string{`it wrote "Hello"`}},
		"prints something else": {`print("[1]", flush=True)`, []string{`it wrote "[1]"`, "cannot unmarshal array"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := start(t, t.Context(), test.line)
			expect(t, err, test.want...)
		})
	}
	t.Run("no interpreter", func(t *testing.T) {
		t.Parallel()
		_, err := Start(t.Context(), filepath.Join(t.TempDir(), "no-python"), "side.py")
		if expect(t, err, "no-python", "side.py"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("error %v is not os.ErrNotExist", err)
		}
	})
	t.Run("no script", func(t *testing.T) {
		t.Parallel()
		interpreter, err := exec.LookPath("python3")
		if err != nil {
			t.Skip("there is no python3")
		}
		_, err = Start(t.Context(), interpreter, "missing.py")
		expect(t, err, "missing.py", "No such file")
	})
}

func TestAskFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line     string
		question any
		want     []string
	}{
		"exits with an error": {`for line in sys.stdin: raise ValueError("not " + line)`, "a batch",
			[]string{`asking side.py for "a batch"`, "exit status 1", `ValueError: not "a batch"`}},
		"has ended":      {`raise SystemExit(3)`, "a batch", []string{"exit status 3"}},
		"prints rubbish": {`for line in sys.stdin: print("tqdm 100%", flush=True)`, 7, []string{"for 7", `it wrote "tqdm 100%"`}},
		"is no number":   {`for line in sys.stdin: print(float("nan"), flush=True)`, 7, []string{`it wrote "nan"`}},
		"is no question": {`sys.stdin.read()`, func() {}, []string{"asking side.py", "unsupported type"}},
		"fails after rubbish": {`for line in sys.stdin: print("Hello", flush=True)` + "\n" + `raise SystemExit("at the end")`, 7,
			[]string{`it wrote "Hello"`, "ending side.py", "at the end"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := start(t, t.Context(), versions, test.line)
			if err != nil {
				t.Fatal(err)
			}
			var seconds float64
			err = p.Ask(test.question, &seconds)
			expect(t, errors.Join(err, p.Close()), test.want...)
		})
	}
}

// The failure that Ask returned is not told again.
func TestCloseTellsAFailureOnce(t *testing.T) {
	t.Parallel()
	p, err := start(t, t.Context(), versions, `raise SystemExit("broken")`)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, p.Ask(1, new(int)), "broken")
	if err := p.Close(); err != nil {
		t.Errorf("again: %v", err)
	}
}

// What nobody asked for does not keep the program from ending.
func TestCloseReadsWhatIsLeft(t *testing.T) {
	t.Parallel()
	p, err := start(t, t.Context(), versions, `print("x" * (1 << 20), flush=True)`)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	t.Run("before the start", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := start(t, ctx, versions)
		expectCancelled(t, err)
	})
	t.Run("before the versions", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := start(t, ctx, `import time; time.sleep(60)`)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("within a question", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p, err := start(t, ctx, versions, `sys.stdin.readline()`, `import time; time.sleep(60)`)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(100*time.Millisecond, cancel)
		expectCancelled(t, p.Ask("a batch", new(float64)))
		if err := p.Close(); err != nil {
			t.Errorf("again: %v", err)
		}
	})
}

func expectCancelled(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func expect(t *testing.T, err error, want ...string) {
	t.Helper()
	for _, part := range want {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want one with %q", err, part)
		}
	}
}
