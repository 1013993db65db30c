package plots

import (
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// maxInline is the most bytes of an encoded chart that Show puts in a notebook before it takes
// something smaller: executed notebooks are committed, and should stay small in the history. Images
// are shown whatever they take: some 3 KB for one of 32 × 32 pixels.
const maxInline = 110_000 // 147 KB in base64

// Shown is what Show takes: figures, or pages.
type Shown interface {
	*Figure | *Page

	title() string
	message() (*protocol.DisplayData, error) // For the cell's output.
	file() (content []byte, extension string, err error)
}

// Show displays figures or pages in the notebook cell that is running. Charts are shown as SVG;
// image grids, and charts whose SVG would be large, as PNG; pages whole, in a frame: a notebook
// takes all their bytes. Outside a notebook it saves each figure to a temporary PNG file, and each
// page to one of HTML, and prints the file's path. Of these files the last hundred are kept.
func Show[S Shown](shown ...S) error {
	for i, s := range shown {
		if s == nil {
			return fmt.Errorf("plots.Show: figure %d is nil", i)
		}
		show := save[S]
		if gonbui.IsNotebook {
			show = display[S]
		}
		if err := show(s); err != nil {
			return err
		}
	}
	return nil
}

// Redraw displays the figure in the running notebook cell in the place of the one that was displayed
// under the same id, which gonbui.UniqueID makes. It does not wait until it is seen: call gonbui.Sync
// at the end. Outside a notebook it does nothing.
func (f *Figure) Redraw(id string) error {
	if !gonbui.IsNotebook {
		return nil
	}
	data, err := f.message()
	if err != nil {
		return err
	}
	data.DisplayID = id
	gonbui.SendData(data)
	return sent(f)
}

// display sends a figure to the cell's output.
func display[S Shown](s S) error {
	data, err := s.message()
	if err != nil {
		return err
	}
	gonbui.SendData(data)
	// A cell is a process of its own: what is still in the pipe when it ends would be lost.
	gonbui.Sync()
	return sent(s)
}

// sent returns an error where the notebook can't be reached.
func sent[S Shown](s S) error {
	if err := gonbui.Error(); err != nil {
		return fmt.Errorf("plots: showing %q in the notebook: %w", s.title(), err)
	}
	return nil
}

// message is what Show sends. An SVG goes as an <img>, not as image/svg+xml or an inline <svg>:
// JupyterLab refuses both in a notebook that this reader has not executed (jupyterlab issues 9650
// and 10464), and an <img> keeps the figure's identifiers and styles apart from the page's.
func (f *Figure) message() (*protocol.DisplayData, error) {
	if !f.photo {
		svg, err := f.SVG()
		if err != nil {
			return nil, err
		}
		if len(svg) <= maxInline {
			img := fmt.Sprintf(`<img alt="%s" width="%.0f" height="%.0f" src="data:image/svg+xml;base64,%s">`,
				html.EscapeString(f.Title), f.Width, f.Height, base64.StdEncoding.EncodeToString([]byte(svg)))
			return &protocol.DisplayData{Data: map[protocol.MIMEType]any{protocol.MIMETextHTML: img}}, nil
		}
	}
	content, err := f.PNG()
	// Half the resolution makes a chart smaller. It would not make photographs so: enlarged pixels
	// compress well as long as they are whole.
	if err == nil && len(content) > maxInline && !f.photo {
		content, err = f.encodePNG(1)
	}
	if err != nil {
		return nil, err
	}
	metadata := map[string]any{string(protocol.MIMEImagePNG): map[string]int{"width": int(f.Width), "height": int(f.Height)}}
	if f.Title != "" {
		metadata["alt"] = f.Title // Not beside the width, since gob knows no such map. nbconvert's pages take it from here too.
	}
	return &protocol.DisplayData{
		Data:     map[protocol.MIMEType]any{protocol.MIMEImagePNG: content},
		Metadata: metadata,
	}, nil
}

// keptFiles is how many of the figures that were shown outside a notebook are kept: nobody else
// removes them.
const keptFiles = 100

func (f *Figure) title() string { return f.Title }

func (f *Figure) file() ([]byte, string, error) {
	content, err := f.PNG()
	return content, ".png", err
}

// save writes a figure to a new temporary file and prints its path.
func save[S Shown](s S) error {
	content, extension, err := s.file()
	if err != nil {
		return err
	}
	fail := func(err error) error { return fmt.Errorf("plots: showing %q: %w", s.title(), err) }
	// A folder of the user's own: all in it is of this function and may be removed.
	folder := filepath.Join(os.TempDir(), fmt.Sprintf("sslkit-plots-%d", os.Getuid()))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fail(err)
	}
	file, err := os.CreateTemp(folder, "*"+extension)
	if err != nil {
		return fail(err)
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Close()); err != nil {
		return fail(fmt.Errorf("writing %s: %w", file.Name(), err))
	}
	fmt.Println(file.Name())
	if err := removeOldest(folder, keptFiles); err != nil {
		return fail(err)
	}
	return nil
}

// removeOldest removes files in a folder until that many are left. Another process may do the same.
func removeOldest(folder string, left int) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var files []fs.FileInfo
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			files = append(files, info)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range files[:max(len(files)-left, 0)] {
		if err := os.Remove(filepath.Join(folder, info.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
