package mime

import "encoding/binary"

// The compact form of a part tree, version 1. A tree is the version's byte and
// then its root. Numbers are unsigned varints.
//
//	part     = mask word(type) word(subtype) word(encoding)
//	           (HeaderStart - from) (BodyStart - HeaderStart) (BodyEnd - BodyStart) Lines
//	           fields children
//	from     = the parent's BodyStart for its first child, then the previous
//	           child's BodyEnd; 0 for the root
//	fields   = in the mask's order, each only if its bit is set:
//	           params(Params) word(ID) word(Description) word(MD5)
//	           word(Disposition) params(DispositionParams)
//	           count word(tag)… word(Location)
//	children = for multipart: count part…; for message/rfc822 and
//	           message/global: part (the root of the embedded message)
//	params   = count (word(name) word(value))…
//	word     = 2*i+1 for the i-th of treeWords, or 2*length and the bytes
const treeVersion = 1

// The bits of the mask.
const (
	treeParams = 1 << iota
	treeID
	treeDescription
	treeMD5
	treeDisposition
	treeDispositionParams
	treeLanguage
	treeLocation
	treeMaskEnd
)

// treeWords are the commonest words. They are stored by number: append only,
// and with a new version to change or drop one.
//
//nolint:gochecknoglobals // a constant table
var treeWords = [...]string{
	"text", "plain", "html", "7bit", "8bit", "base64", "quoted-printable", "binary",
	"charset", "utf-8", "us-ascii", "UTF-8", "iso-8859-1", "windows-1252", "US-ASCII", "ISO-8859-1",
	"multipart", "mixed", "alternative", "related", "report", "signed", "boundary", "type",
	"message", "rfc822", "global", "delivery-status", "application", "octet-stream", "pdf", "image",
	"jpeg", "png", "gif", "name", "filename", "attachment", "inline", "format",
	"flowed", "delsp", "yes", "size", "creation-date", "modification-date", "filename*", "name*",
	"calendar", "method", "REQUEST", "pgp-signature", "pkcs7-signature", "protocol", "micalg", "zip",
	"en", "en-US", "text/html", "text/plain", "report-type", "digest", "x-uuencode", "iso-2022-jp",
}

// AppendTree appends the compact binary form of the tree to dst. Envelopes of
// embedded messages are left out; Lines, offsets and all else is kept.
func AppendTree(dst []byte, p *Part) []byte {
	return appendPart(append(dst, treeVersion), p, 0)
}

func appendPart(dst []byte, p *Part, from int64) []byte {
	mask := uint64(0)
	for i, has := range [...]bool{
		len(p.Params) > 0, p.ID != "", p.Description != "", p.MD5 != "",
		p.Disposition != "", len(p.DispositionParams) > 0, len(p.Language) > 0, p.Location != "",
	} {
		if has {
			mask |= 1 << i
		}
	}
	dst = binary.AppendUvarint(dst, mask)
	dst = appendWord(appendWord(appendWord(dst, p.Type), p.Subtype), p.Encoding)
	for _, n := range [...]int64{p.HeaderStart - from, p.BodyStart - p.HeaderStart, p.Size(), p.Lines} {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	dst = appendTreeFields(dst, p, mask)
	if p.Type == "multipart" {
		dst = binary.AppendUvarint(dst, uint64(len(p.Children)))
		from = p.BodyStart
		for _, c := range p.Children {
			dst = appendPart(dst, c, from)
			from = c.BodyEnd
		}
	}
	if p.Embedded != nil {
		dst = appendPart(dst, p.Embedded.Root, p.BodyStart)
	}
	return dst
}

func appendTreeFields(dst []byte, p *Part, mask uint64) []byte {
	if mask&treeParams != 0 {
		dst = appendParams(dst, p.Params)
	}
	for _, f := range [...]struct {
		bit   uint64
		value string
	}{{treeID, p.ID}, {treeDescription, p.Description}, {treeMD5, p.MD5}, {treeDisposition, p.Disposition}} {
		if mask&f.bit != 0 {
			dst = appendWord(dst, f.value)
		}
	}
	if mask&treeDispositionParams != 0 {
		dst = appendParams(dst, p.DispositionParams)
	}
	if mask&treeLanguage != 0 {
		dst = binary.AppendUvarint(dst, uint64(len(p.Language)))
		for _, tag := range p.Language {
			dst = appendWord(dst, tag)
		}
	}
	if mask&treeLocation != 0 {
		dst = appendWord(dst, p.Location)
	}
	return dst
}

func appendParams(dst []byte, params Params) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(params)))
	for _, q := range params {
		dst = appendWord(appendWord(dst, q.Name), q.Value)
	}
	return dst
}

func appendWord(dst []byte, s string) []byte {
	if len(s) > 1 && len(s) <= longestTreeWord {
		for i, w := range treeWords {
			if w == s {
				return binary.AppendUvarint(dst, uint64(i)*2+1)
			}
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(s))*2)
	return append(dst, s...)
}

const longestTreeWord = len("modification-date")
