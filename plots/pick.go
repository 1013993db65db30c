package plots

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/comms"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// Pick shows the page in the cell that is running, waits until "Send to the cell" is pressed there,
// writes the picks to a file, such as runs/simclr/picks.json, and returns them. The cells after it
// are processes of their own: they read them with [Picks]. The folder of the file is made where it
// is missing.
//
// It speaks through GoNB's channel to the browser, which wants JupyterLab at the root of an http
// address, as `make lab` starts it. Errors: that it is not run in a notebook, and that nothing was
// sent within the time, as where nobody sits before the notebook.
func (p *Page) Pick(path string, within time.Duration) ([]int, error) {
	fail := func(err error) ([]int, error) { return nil, fmt.Errorf("plots: picking in %q: %w", p.Title, err) }
	if !gonbui.IsNotebook {
		return fail(errors.New("there is no notebook: save the page, and take Copy as Go or Save as JSON there"))
	}
	if within <= 0 {
		return fail(fmt.Errorf("within is %v; it must be above 0", within))
	}
	address := "/picks/" + gonbui.UniqueId()
	hello, sent := make(chan string, 1), make(chan string, 1)
	for at, to := range map[string]chan string{address + "/hello": hello, address: sent} {
		// Never unsubscribed: what arrives where nobody listens any more would stop gonbui (v0.11.5),
		// which then keeps its lock.
		comms.Subscribe(at, func(_ string, value string) {
			select {
			case to <- value:
			default: // Pressed twice.
			}
		})
	}
	gonbui.SendData(&protocol.DisplayData{Data: map[protocol.MIMEType]any{protocol.MIMETextHTML: p.frame(address)}})
	// GoNB gives the browser half a second to answer, and does not try again.
	again := time.NewTicker(4 * time.Second)
	defer again.Stop()
	comms.Start()
	var text string
	for end := time.After(within); text == ""; {
		gonbui.Sync()
		if err := gonbui.Error(); err != nil {
			return fail(fmt.Errorf("showing it in the notebook: %w", err))
		}
		select {
		case <-again.C:
			comms.Start()
		case <-hello:
			again.Stop()
			comms.Send(address+"/answer", "A cell waits for the picks: Send to the cell.")
		case text = <-sent:
		case <-end:
			return fail(fmt.Errorf("nothing was sent within %v", within))
		}
	}
	picks, err := readPicks([]byte(text))
	if err != nil {
		return fail(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fail(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fail(err)
	}
	comms.Send(address+"/answer", fmt.Sprintf("The cell has the picks (%d), in %s.", len(picks), path))
	gonbui.Sync()
	return picks, nil
}
