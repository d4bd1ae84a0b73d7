using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Bft.Engine;
using Microsoft.AspNetCore.Http;

namespace Bft.Network.Api.Http;

/// <summary>
/// The page at the HTTP root: one embedded file that loads nothing from anywhere. Its policy allows its own style and script by
/// their hashes, and requests to the validators of genesis.
/// </summary>
internal sealed partial class StatusPage
{
    private const string Resource = "Bft.Network.Pages.index.html";

    private readonly byte[] _page;
    private readonly string _policy;

    public StatusPage(IValidatorGateway gateway)
    {
        using Stream stream = typeof(StatusPage).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The assembly lacks its embedded page {Resource}.");
        _page = new byte[stream.Length];
        stream.ReadExactly(_page);
        string text = Encoding.UTF8.GetString(_page);
        _policy =
            $"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; img-src data:; " +
            $"style-src '{Hash(Style().Match(text))}'; script-src '{Hash(Script().Match(text))}'; connect-src {Sources(gateway.Genesis)}";
    }

    public async Task WriteAsync(HttpContext http)
    {
        IHeaderDictionary headers = http.Response.Headers;
        headers.ContentSecurityPolicy = _policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache";
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.ContentLength = _page.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(_page, http.RequestAborted);
        }
    }

    private static string Hash(Match block) => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(block.Groups[1].Value)));

    // Addresses are outside the chain id: only what can be a host and port may enter the header.
    private static string Sources(Genesis genesis) => string.Join(
        ' ', genesis.Validators.Select(validator => validator.HttpAddress).Where(address => Address().IsMatch(address))
            .SelectMany(address => new[] { "http://" + address, "https://" + address }).Prepend("'self'"));

    [GeneratedRegex("<style>(.*?)</style>", RegexOptions.Singleline)]
    private static partial Regex Style();

    [GeneratedRegex("<script>(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex Script();

    [GeneratedRegex(@"^[A-Za-z0-9.\-\[\]:]{1,255}$")]
    private static partial Regex Address();
}
