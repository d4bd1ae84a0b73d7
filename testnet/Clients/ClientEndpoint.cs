using Bft.Testnet.Homes;

namespace Bft.Testnet.Clients;

/// <summary>Where a validator's client API is reached.</summary>
/// <param name="Uri">http or https, host and port, nothing else.</param>
public sealed record ClientEndpoint(Uri Uri)
{
    /// <summary>Reads <c>http(s)://host:port</c>.</summary>
    /// <returns>Null when the text has another form.</returns>
    public static ClientEndpoint? Parse(string text)
    {
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        return scheme > 0 && text[..scheme] is "http" or "https" && Address.TryParse(text[(scheme + 3)..].TrimEnd('/'), out Address address)
            ? new ClientEndpoint(new Uri($"{text[..scheme]}://{address}"))
            : null;
    }

    /// <summary>The client API of a validator in genesis: clear text on loopback, TLS elsewhere, as the ceremony sets it up.</summary>
    public static ClientEndpoint Of(Engine.GenesisValidator validator) =>
        Address.TryParse(validator.ClientAddress, out Address address)
            ? new ClientEndpoint(new Uri($"{(address.IsLoopback ? "http" : "https")}://{address}"))
            : throw new HomeException($"\"{validator.ClientAddress}\" is not host:port", "genesis, field clientAddress", "take the document of the ceremony");

    /// <summary>http(s)://host:port.</summary>
    public override string ToString() => Uri.GetLeftPart(UriPartial.Authority);
}
