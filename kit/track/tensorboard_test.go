package track

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/events anew")

// TestEventFile: the bytes are those in testdata/events, of which TensorBoard 2.21 has read every value
// back exactly. After a change, write it anew by `go test ./kit/track -run TestEventFile -update`, and
// look at it with
//
//	from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
//	events = EventAccumulator("testdata/events"); events.Reload()
//	for tag in events.Tags()["scalars"]: print(tag, events.Scalars(tag))
//	print(events.Tensors("recipe"))
func TestEventFile(t *testing.T) {
	t.Parallel()
	golden := filepath.Join("testdata", "events", "events.out.tfevents.1741064767.000000000.sslkit")
	dir := t.TempDir()
	run := example(dir)
	last := run.Metrics[2:]
	run.Metrics = run.Metrics[:2]
	log, err := TensorBoard{}.open(run, run.Began)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Write(last); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(Finished); err != nil {
		t.Fatal(err)
	}
	written := only(t, dir)
	if *update {
		if err := os.WriteFile(golden, written, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, want) {
		t.Errorf("it writes %d bytes, other ones than the %d that TensorBoard was tried with", len(written), len(want))
	}
}

// only is the content of the one event file in a folder.
func only(t *testing.T, folder string) []byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, eventFile+"*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("there are the event files %q, %v; want one", files, err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestRunIsShownOnce: a run that is shown again replaces what was there of it, and of no other.
func TestRunIsShownOnce(t *testing.T) {
	t.Parallel()
	logdir := t.TempDir()
	folder := filepath.Join(logdir, "simclr")
	board, run := TensorBoard{Dir: logdir}, example(t.TempDir())
	if err := Send(board, run, Interrupted); err != nil {
		t.Fatal(err)
	}
	first := only(t, folder)
	if err := Send(board, run, Finished); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(only(t, folder), first) {
		t.Error("the same run is written otherwise when it is shown again")
	}
	run.Began = run.Began.Add(time.Hour)
	if err := Send(board, run, Finished); err != nil {
		t.Fatal(err)
	}
	if files, _ := filepath.Glob(filepath.Join(folder, eventFile+"*")); len(files) != 2 {
		t.Errorf("beside another run of the same name there are %q", files)
	}
}

// TestMaskedCRC is held against the definition: CRC-32C of "123456789" is e3069283 (RFC 3720).
func TestMaskedCRC(t *testing.T) {
	t.Parallel()
	const sum = 0xe3069283
	rotated := uint32(sum>>15 | (sum&0x7fff)<<17)
	if got := maskedCRC([]byte("123456789")); got != rotated+0xa282ead8 {
		t.Errorf("%x", got)
	}
}
