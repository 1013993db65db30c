package plots

import (
	"bytes"
	"embed"
	"fmt"
	"html"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// Page is an interactive page of HTML, as [Explorer.Page] makes it. It carries all that it needs:
// it loads nothing from a network.
type Page struct {
	Title string
	Notes []string // What was left out, which the page says too. Empty: nothing was.

	html []byte
}

//go:embed explorer
var explorerFiles embed.FS

// newPage puts data, as JSON, and the scripts together.
func newPage(title string, data []byte, notes []string) (*Page, error) {
	style, err := explorerFiles.ReadFile("explorer/page.css")
	if err != nil {
		return nil, err
	}
	parts := struct {
		Title   string
		Style   template.CSS
		Data    template.JS
		Scripts []template.JS
	}{Title: title, Style: template.CSS(style), Data: template.JS(data)} // encoding/json writes <, > and & as numbers.
	names, err := fs.Glob(explorerFiles, "explorer/*.js") // In the order of their names.
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		script, err := explorerFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		parts.Scripts = append(parts.Scripts, template.JS(script))
	}
	tmpl, err := template.ParseFS(explorerFiles, "explorer/page.html")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := tmpl.Execute(&out, parts); err != nil {
		return nil, err
	}
	return &Page{Title: title, Notes: notes, html: out.Bytes()}, nil
}

// HTML returns the page as one document.
func (p *Page) HTML() []byte { return bytes.Clone(p.html) }

// Save writes the page to a file, whose extension must be .html, and makes the folder where it is
// missing.
func (p *Page) Save(path string) error {
	if strings.ToLower(filepath.Ext(path)) != ".html" {
		return fmt.Errorf("plots: saving %q: the extension must be .html", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("plots: saving %q: %w", path, err)
	}
	if err := os.WriteFile(path, p.html, 0o644); err != nil {
		return fmt.Errorf("plots: saving %q: %w", path, err)
	}
	return nil
}

func (p *Page) title() string { return p.Title }

func (p *Page) file() ([]byte, string, error) { return p.html, ".html", nil }

// message is a frame that holds the whole page: styles and scripts of the page and of the notebook
// stay apart, and a published notebook needs no file beside it.
func (p *Page) message() (*protocol.DisplayData, error) {
	return &protocol.DisplayData{Data: map[protocol.MIMEType]any{protocol.MIMETextHTML: p.frame("")}}, nil
}

// frame has a name where a cell listens to the page; see Pick. JupyterLab takes frames out of notebooks
// that this reader has not executed, and leaves the text in them, which browsers do not show.
func (p *Page) frame(name string) string {
	return fmt.Sprintf(`<iframe title="%s" name="%s" width="100%%" height="720" style="box-sizing: border-box; border: 1px solid #8888" allow="clipboard-write" srcdoc="%s">`+
		"An interactive page: it is shown where the notebook is trusted (File, Trust Notebook).</iframe>",
		html.EscapeString(p.Title), name, html.EscapeString(string(p.html)))
}
