package data

import (
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The library takes as much memory as a Parquet file claims to need: for the lists of its footer, for
// pages, for what they decompress to. So what a file claims is looked at before the library reads it.

const (
	maxFooter     = 16 << 20 // bytes
	maxFooterList = 1 << 17  // items of all lists in the footer: each takes up to some hundred bytes
	maxPageHeader = 64 << 10 // bytes: it may hold the least and the greatest value of the page
	maxPage       = 1 << 30  // bytes, decompressed
)

// checkParquetFooter looks at the footer of a file: its length, and how many items its lists have.
func checkParquetFooter(file io.ReaderAt, size int64) error {
	end := make([]byte, 8)
	if size < 12 {
		return errors.New("it is no Parquet file, or cut short")
	}
	if _, err := file.ReadAt(end, size-8); err != nil {
		return err
	}
	if string(end[4:]) != "PAR1" {
		return errors.New("it is no Parquet file, or cut short: it does not end in PAR1")
	}
	length := int64(binary.LittleEndian.Uint32(end))
	if length > size-12 || length > maxFooter {
		return fmt.Errorf("it is damaged: its footer claims %d bytes", length)
	}
	footer := make([]byte, length)
	if _, err := file.ReadAt(footer, size-8-length); err != nil {
		return err
	}
	walk := &thriftWalk{rest: footer, items: maxFooterList}
	if err := walk.structure(0); err != nil {
		return fmt.Errorf("it is damaged: its footer: %w", err)
	}
	return nil
}

// thriftWalk passes over a value in Thrift's compact protocol, to see that it is no longer than its
// bytes: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
type thriftWalk struct {
	rest  []byte
	items int // that lists may still have
}

var errThrift = errors.New("it is cut short, or claims more than it has")

// maxThriftDepth is that of the schema: a struct in a list in a struct, and so on.
const maxThriftDepth = 32

func (w *thriftWalk) uvarint() (uint64, error) {
	n, length := binary.Uvarint(w.rest)
	if length <= 0 {
		return 0, errThrift
	}
	w.rest = w.rest[length:]
	return n, nil
}

func (w *thriftWalk) skip(n uint64) error {
	if n > uint64(len(w.rest)) {
		return errThrift
	}
	w.rest = w.rest[n:]
	return nil
}

func (w *thriftWalk) structure(depth int) error {
	for {
		if len(w.rest) == 0 || depth > maxThriftDepth {
			return errThrift
		}
		field := w.rest[0]
		w.rest = w.rest[1:]
		if field == 0 {
			return nil
		}
		if field>>4 == 0 { // Its number follows.
			if _, err := w.uvarint(); err != nil {
				return err
			}
		}
		if kind := field & 15; kind != 1 && kind != 2 { // A truth is in the field's own byte.
			if err := w.value(kind, depth); err != nil {
				return err
			}
		}
	}
}

func (w *thriftWalk) value(kind byte, depth int) error {
	switch kind {
	case 1, 2, 3: // a truth in a list, a byte
		return w.skip(1)
	case 4, 5, 6: // whole numbers
		_, err := w.uvarint()
		return err
	case 7:
		return w.skip(8)
	case 8: // bytes
		n, err := w.uvarint()
		if err != nil {
			return err
		}
		return w.skip(n)
	case 9, 10: // a list, a set
		if len(w.rest) == 0 {
			return errThrift
		}
		of, n := w.rest[0]&15, uint64(w.rest[0]>>4)
		w.rest = w.rest[1:]
		if n == 15 {
			var err error
			if n, err = w.uvarint(); err != nil {
				return err
			}
		}
		if n > uint64(len(w.rest)) || n > uint64(w.items) { // An item takes at least a byte.
			return errThrift
		}
		w.items -= int(n)
		for range n {
			if err := w.value(of, depth+1); err != nil {
				return err
			}
		}
		return nil
	case 12:
		return w.structure(depth + 1)
	}
	return fmt.Errorf("it has a value of the unknown kind %d", kind)
}

// checkParquetPages looks at the header of every page of a column in a row group.
func checkParquetPages(file io.ReaderAt, size int64, meta *format.ColumnMetaData, rows int64) error {
	start := meta.DataPageOffset
	if meta.DictionaryPageOffset != 0 {
		start = meta.DictionaryPageOffset
	}
	length := meta.TotalCompressedSize
	if start < 0 || length < 0 || start > size || length > size-start {
		return errors.New("it is damaged: its pages lie outside of the file")
	}
	for at := int64(0); at < length; {
		window := make([]byte, min(maxPageHeader, length-at))
		if _, err := file.ReadAt(window, start+at); err != nil && err != io.EOF {
			return err
		}
		walk := &thriftWalk{rest: window, items: 16}
		err := walk.structure(0)
		var header format.PageHeader
		protocol := thrift.CompactProtocol{}
		reader := protocol.NewReaderFromBytes(window)
		if err == nil {
			err = thrift.NewDecoder(reader).Decode(&header)
		}
		if err != nil {
			return fmt.Errorf("it is damaged: the header of a page: %w", err)
		}
		at += int64(reader.BytesRead())
		if err := checkParquetPage(&header, length-at, rows); err != nil {
			return err
		}
		if err := checkDecompressed(file, start+at, &header, meta.Codec); err != nil {
			return fmt.Errorf("it is damaged: a page: %w", err)
		}
		at += int64(header.CompressedPageSize)
	}
	return nil
}

// checkParquetPage looks at what the header of a page claims, of which left bytes may be there.
func checkParquetPage(h *format.PageHeader, left, rows int64) error {
	compressed, plain := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	if compressed < 0 || compressed > left || plain < 0 || plain > maxPage || plain > maxRatio*compressed {
		return fmt.Errorf("it is damaged: a page claims %d bytes, which decompress to %d, and there are %d", compressed, plain, left)
	}
	values, most, encoding := int64(0), rows, format.Plain
	switch {
	case h.DataPageHeader.Valid:
		values, encoding = int64(h.DataPageHeader.V.NumValues), h.DataPageHeader.V.Encoding
	case h.DataPageHeaderV2.Valid:
		v := h.DataPageHeaderV2.V
		values, encoding = int64(v.NumValues), v.Encoding
		if levels := int64(v.RepetitionLevelsByteLength) + int64(v.DefinitionLevelsByteLength); levels < 0 || levels > compressed || v.NumNulls < 0 || v.NumNulls > v.NumValues {
			return fmt.Errorf("it is damaged: the levels of a page claim %d bytes", levels)
		}
	case h.DictionaryPageHeader.Valid:
		values, most = int64(h.DictionaryPageHeader.V.NumValues), plain
	}
	if values < 0 || values > most {
		return fmt.Errorf("it is damaged: a page claims %d values, and there are %d rows", values, rows)
	}
	switch encoding {
	case format.Plain, format.PlainDictionary, format.RLEDictionary, format.RLE, format.DeltaBinaryPacked, format.DeltaLengthByteArray:
		return nil
	}
	return fmt.Errorf("its values are in the encoding %s, which is not read", encoding) // Such as one whose texts can grow without bound.
}

// checkDecompressed compares what the bytes of a page decompress to with what its header says.
func checkDecompressed(file io.ReaderAt, at int64, h *format.PageHeader, codec format.CompressionCodec) error {
	length, want := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	if v := h.DataPageHeaderV2; v.Valid { // Its levels come first, and are not compressed.
		levels := int64(v.V.RepetitionLevelsByteLength) + int64(v.V.DefinitionLevelsByteLength)
		at, length, want = at+levels, length-levels, want-levels
		if v.V.IsCompressed.Valid && !v.V.IsCompressed.V {
			return nil
		}
		if length == 0 {
			return nil
		}
	}
	content := io.NewSectionReader(file, at, length)
	wrong := func(got int64) error {
		return fmt.Errorf("it decompresses to %d bytes, and its header says %d", got, want)
	}
	var plain io.Reader
	switch codec {
	case format.Uncompressed:
		return nil
	case format.Snappy:
		begin := make([]byte, min(binary.MaxVarintLen64, length))
		if _, err := content.ReadAt(begin, 0); err != nil && err != io.EOF {
			return err
		}
		got, err := snappy.DecodedLen(begin)
		if err == nil && int64(got) != want {
			err = wrong(int64(got))
		}
		return err
	case format.Gzip:
		unzipped, err := gzip.NewReader(content)
		if err != nil {
			return err
		}
		plain = unzipped
	case format.Zstd:
		unzipped, err := zstd.NewReader(content, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderLowmem(true))
		if err != nil {
			return err
		}
		defer unzipped.Close()
		plain = unzipped
	default:
		return fmt.Errorf("it is compressed by %s, which is not read; it must be by Snappy, gzip or Zstandard", codec)
	}
	got, err := io.Copy(io.Discard, io.LimitReader(plain, want+1))
	if err == nil && got != want {
		err = wrong(got)
	}
	return err
}
