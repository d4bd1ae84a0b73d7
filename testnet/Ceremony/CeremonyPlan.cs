using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Bft.Crypto.KeyStore;
using Bft.Engine;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Ceremony;

/// <summary>What is asked of a ceremony.</summary>
public sealed record CeremonyPlan
{
    /// <summary>The distance between the client ports and the ports among validators.</summary>
    public const int PeerPortOffset = 100;

    /// <summary>The distance between the client ports and the HTTP ports.</summary>
    public const int HttpPortOffset = 200;

    /// <summary>The port of validator 0's client API when none is named.</summary>
    public const int DefaultPort = 7300;

    /// <summary>n: the number of validators. Default 4.</summary>
    public int Nodes { get; init; } = 4;

    /// <summary>The faults the committee must survive; null for as many as n allows.</summary>
    public int? Faults { get; init; }

    /// <summary>What a faulty validator may do; null for what the protocol is made for.</summary>
    public FaultModel? Model { get; init; }

    /// <summary>The protocol.</summary>
    public string Protocol { get; init; } = Catalogue.DefaultProtocol;

    /// <summary>The certificate scheme; null for the first of the catalogue.</summary>
    public string? Scheme { get; init; }

    /// <summary>One host a validator, or one for all; empty for 127.0.0.1.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    /// <summary>Validator i has its client API at this port + i, its peers at + 100 + i, HTTP at + 200 + i.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>Whether unsigned transactions are admitted.</summary>
    public bool AcceptUnsigned { get; init; }

    /// <summary>Marks the chain as made in one place without a ceremony.</summary>
    public bool Development { get; init; }

    /// <summary>Where every validator's passphrase comes from; null to generate one a validator, in a file of mode 600 in its home.</summary>
    public PassphraseSource? Passphrase { get; init; }

    /// <summary>The work of the key derivation.</summary>
    public KeyDerivationCost Cost { get; init; } = KeyDerivationCost.Default;

    /// <summary>With nothing pending, at most one empty block an interval; null for none.</summary>
    public TimeSpan? IdleInterval { get; init; }

    /// <summary>Whether f+1 validators check each client signature in place of all (<see cref="NodeConfig.SharedVerification"/>).</summary>
    public bool SharedVerification { get; init; }

    /// <summary>How fast a validator that is far behind may catch up (<see cref="NodeConfig.CatchUpBlocksPerSecond"/>); null for as fast as it can.</summary>
    public int? CatchUpBlocksPerSecond { get; init; }

    /// <summary>Checks the plan against what exists and against the arithmetic of committees.</summary>
    /// <returns>The fault model that holds.</returns>
    /// <exception cref="CeremonyException">It cannot be carried out.</exception>
    public FaultModel Check(Catalogue catalogue)
    {
        KnownProtocol protocol = catalogue.Protocol(Protocol);
        _ = catalogue.Scheme(Scheme ?? catalogue.Schemes[0]);
        FaultModel model = Model ?? protocol.Model;
        if (model == FaultModel.Byzantine && protocol.Model == FaultModel.Crash)
        {
            throw new CeremonyException($"the protocol \"{protocol.Name}\" survives crashes only, not lies", "--fault-model", "choose --fault-model crash or another protocol");
        }

        CheckCommittee(model);
        CheckHosts();
        CheckPorts();
        return model;
    }

    /// <summary>The host of a validator.</summary>
    public string HostOf(int validator) => Hosts.IsDefaultOrEmpty ? "127.0.0.1" : Hosts.Length == 1 ? Hosts[0] : Hosts[validator];

    /// <summary>The addresses by which others reach a validator.</summary>
    public ListenAddresses AddressesOf(int validator) => Addresses(HostOf(validator), validator);

    /// <summary>The addresses a validator binds: its own when it is on loopback or named by an IP address, else every interface.</summary>
    public ListenAddresses BindingsOf(int validator) => Addresses(BindingOf(HostOf(validator)), validator);

    /// <summary>What a validator binds that others reach under that host.</summary>
    internal static string BindingOf(string host) =>
        Address.IsLoopbackHost(host) ? (IPAddress.TryParse(host, out _) ? host : "127.0.0.1") : IPAddress.TryParse(host, out _) ? host : "0.0.0.0";

    private void CheckCommittee(FaultModel model)
    {
        if (Nodes is < 1 or > ReplicaSet.Capacity)
        {
            throw new CeremonyException($"a committee of {Nodes} validators is not possible", "--nodes", $"choose from 1 to {ReplicaSet.Capacity}");
        }

        if (Faults is not { } faults || (faults >= 0 && faults <= Committee.MaxFaults(Nodes, model)))
        {
            return;
        }

        if (faults is < 0 or >= ReplicaSet.Capacity)
        {
            throw new CeremonyException($"{faults} faults are out of range", "--faults", "choose 0 or more");
        }

        (string name, int factor) = model == FaultModel.Byzantine ? ("byzantine", 3) : ("crash", 2);
        int smallest = Committee.SmallestFor(faults, model);
        throw new CeremonyException(
            string.Create(CultureInfo.InvariantCulture, $"{Nodes} validators cannot survive {faults} {name} faults: n >= {factor}f+1 is needed, {factor}*{faults}+1 = {smallest}"),
            "--nodes, --faults",
            string.Create(CultureInfo.InvariantCulture, $"take at least {smallest} validators, or at most f = {Committee.MaxFaults(Nodes, model)}"));
    }

    private void CheckHosts()
    {
        if (!Hosts.IsDefaultOrEmpty && Hosts.Length != 1 && Hosts.Length != Nodes)
        {
            throw new CeremonyException($"there are {Hosts.Length} hosts for {Nodes} validators", "--hosts", "name one host for each validator, or one for all");
        }

        foreach (string host in Hosts.IsDefault ? [] : Hosts)
        {
            if (Uri.CheckHostName(host) is not (UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6) || !host.All(char.IsAscii))
            {
                throw new CeremonyException($"\"{host}\" is neither a DNS name nor an IP address", "--hosts", "write hosts without scheme, port and brackets");
            }
        }
    }

    private void CheckPorts()
    {
        // With 101 validators the last client port would be the first port among validators.
        if (Nodes > PeerPortOffset)
        {
            throw new CeremonyException($"{Nodes} validators do not fit between two port ranges", "--nodes", $"choose at most {PeerPortOffset}");
        }

        int last = Port + HttpPortOffset + Nodes - 1;
        if (Port < 1 || last > 65535)
        {
            throw new CeremonyException($"ports {Port} to {last} are not all between 1 and 65535", "--port", $"choose at most {65535 - HttpPortOffset - Nodes + 1}");
        }
    }

    private ListenAddresses Addresses(string host, int validator) => new(
        new Address(host, Port + validator).ToString(),
        new Address(host, Port + PeerPortOffset + validator).ToString(),
        new Address(host, Port + HttpPortOffset + validator).ToString());
}
