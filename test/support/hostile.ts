/** What people outside may call themselves: names that try to be markup, mentions, headers, formulas or invisible. */
export const HOSTILE = [
  '<!channel> & "Söhne"',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '<https://evil.example|Google>',
  '<@U12345> *bold* _under_ ~gone~ `code`',
  'O\'Brien </div></td></mj-text><mj-image src="https://evil.example/p.png">',
  'Name\r\nBcc: victim@x.example',
  '{{buttonUrl}} {{#facts}} $(url) {{',
  '\u202Egpj.exe \u200Bzero\u2066',
  'Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrik'.repeat(3).slice(0, 190),
  '&lt;b&gt; &amp;amp;',
  '=cmd|calc',
]
