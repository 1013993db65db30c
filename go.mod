module sslkit

go 1.26.5

tool (
	github.com/janpfeifer/gonb
	golang.org/x/tools/cmd/goimports
)

require (
	codeberg.org/sbinet/npyio v0.14.0 // the headers of NumPy files
	github.com/disintegration/imaging v1.6.2 // resizing of pictures on the host
	github.com/go-rod/rod v0.116.2 // a browser, for the tests of pages
	github.com/gofrs/flock v0.13.0 // locks of files
	github.com/gomlx/compute v0.1.6
	github.com/gomlx/go-xla v0.4.5 // PJRT, as the successor of gopjrt
	github.com/gomlx/gomlx v0.28.8 // graphs, autodiff, checkpoints, the training loop
	github.com/hajimehoshi/bitmapfont/v3 v3.2.0 // letters of all scripts in figures
	github.com/janpfeifer/gonb v0.11.5 // the Jupyter kernel
	github.com/klauspost/compress v1.17.9 // what parquet-go decompresses with
	github.com/parquet-go/parquet-go v0.32.0 // Parquet files
	github.com/schollz/progressbar/v3 v3.19.0 // the progress bar
	github.com/viterin/vek v0.4.3 // scalar products of float32 by vector instructions
	golang.org/x/image v0.48.0 // WebP, BMP and TIFF; fonts of the figures
	golang.org/x/sync v0.25.0 // a semaphore with weights
	golang.org/x/text v0.44.0 // letters with their marks
	golang.org/x/tools v0.52.0
	gonum.org/v1/gonum v0.17.0 // linear algebra, L-BFGS
	gonum.org/v1/plot v0.17.0 // figures
	google.golang.org/protobuf v1.36.11 // TensorBoard's event files
)

require (
	codeberg.org/go-fonts/liberation v0.5.0 // indirect
	codeberg.org/go-latex/latex v0.2.0 // indirect
	codeberg.org/go-pdf/fpdf v0.11.1 // indirect
	git.sr.ht/~sbinet/gg v0.7.0 // indirect
	github.com/ajstarks/svgo v0.0.0-20211024235047-1546f124cd8b // indirect
	github.com/andybalholm/brotli v1.1.1 // indirect
	github.com/chewxy/math32 v1.10.1 // indirect
	github.com/fatih/color v1.18.0 // indirect
	github.com/fsnotify/fsnotify v1.8.0 // indirect
	github.com/go-logr/logr v1.4.3 // indirect
	github.com/go-zeromq/goczmq/v4 v4.2.2 // indirect
	github.com/go-zeromq/zmq4 v0.17.0 // indirect
	github.com/gofrs/uuid v4.4.0+incompatible // indirect
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/gx-org/backend v0.3.0 // indirect
	github.com/gx-org/gx v0.6.1 // indirect
	github.com/janpfeifer/must v0.2.0 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db // indirect
	github.com/nlpodyssey/gopickle v0.3.0 // indirect
	github.com/parquet-go/bitpack v1.0.0 // indirect
	github.com/parquet-go/jsonlite v1.0.0 // indirect
	github.com/pierrec/lz4/v4 v4.1.21 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	github.com/segmentio/asm v1.1.3 // indirect
	github.com/segmentio/encoding v0.3.4 // indirect
	github.com/twpayne/go-geom v1.6.1 // indirect
	github.com/viterin/partial v1.1.0 // indirect
	github.com/ysmood/fetchup v0.2.4 // indirect
	github.com/ysmood/goob v0.4.0 // indirect
	github.com/ysmood/got v0.40.0 // indirect
	github.com/ysmood/gson v0.7.3 // indirect
	github.com/ysmood/leakless v0.9.0 // indirect
	go.lsp.dev/jsonrpc2 v0.10.0 // indirect
	go.lsp.dev/pkg v0.0.0-20210717090340-384b27a52fb2 // indirect
	go.lsp.dev/protocol v0.12.0 // indirect
	go.lsp.dev/uri v0.3.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	go.uber.org/zap v1.27.0 // indirect
	golang.org/x/exp v0.0.0-20260410095643-746e56fc9e2f // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
	golang.org/x/telemetry v0.0.0-20261009151841-97e8ea77aa2a // indirect
	golang.org/x/term v0.40.0 // indirect
	k8s.io/klog/v2 v2.140.0 // indirect
)
