using System.Collections.Immutable;
using Bft.Applications.KeyValue;
using Bft.Crypto.Certificates;
using Bft.Engine;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Ceremony;

/// <summary>A protocol that can be named in genesis.</summary>
/// <param name="Name">Its registered name.</param>
/// <param name="Model">The faults it is made for.</param>
public sealed record KnownProtocol(string Name, FaultModel Model);

/// <summary>What can be chosen for a chain in this build.</summary>
/// <param name="Protocols">The protocols.</param>
/// <param name="Schemes">The certificate schemes, the default first.</param>
public sealed record Catalogue(ImmutableArray<KnownProtocol> Protocols, ImmutableArray<string> Schemes)
{
    /// <summary>The protocol used when none is named.</summary>
    public const string DefaultProtocol = "hotstuff";

    /// <summary>The application of every chain so far.</summary>
    public const string Application = KeyValueApplication.GenesisName;

    /// <summary>What the engine and the crypto layer have registered.</summary>
    public static Catalogue OfEngine() =>
        new([.. Engine.Protocols.All.Select(protocol => new KnownProtocol(protocol.Name, protocol.Model))], CertificateSchemes.Names);

    /// <summary>The protocol of that name.</summary>
    /// <exception cref="CeremonyException">There is none; the message lists the known ones.</exception>
    public KnownProtocol Protocol(string name) => Protocols.FirstOrDefault(protocol => protocol.Name == name)
        ?? throw Unknown("protocol", name, [.. Protocols.Select(protocol => protocol.Name)]);

    /// <summary>The scheme of that name.</summary>
    /// <exception cref="CeremonyException">There is none; the message lists the known ones.</exception>
    public string Scheme(string name) => Schemes.Contains(name) ? name : throw Unknown("scheme", name, Schemes);

    private static CeremonyException Unknown(string kind, string name, ImmutableArray<string> known) =>
        new($"there is no {kind} \"{name}\"{Nearest.Question(name, known)}", $"--{kind}", $"choose one of: {string.Join(", ", known)}");
}

/// <summary>A committee that cannot be made as asked for.</summary>
/// <param name="what">What is wrong.</param>
/// <param name="where">The option.</param>
/// <param name="todo">What to choose instead.</param>
public sealed class CeremonyException(string what, string where, string todo) : DiagnosedException(what, where, todo);
