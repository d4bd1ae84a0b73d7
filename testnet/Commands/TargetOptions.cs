using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using Bft.Engine;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Commands;

/// <summary>The options by which a client command finds validators, genesis and its key.</summary>
internal sealed class TargetOptions
{
    private readonly Option<ClientEndpoint[]?> _endpoints;
    private readonly Option<string> _data = new("--data") { Description = "The data directory of the testnet.", HelpName = "DIR", DefaultValueFactory = _ => DataLayout.DefaultDirectory };
    private readonly Option<string?> _genesis = new("--genesis") { Description = "The genesis document everything is checked against; default DIR/genesis.json.", HelpName = "FILE" };
    private readonly Option<TimeSpan?> _timeout = new("--timeout") { Description = "How long to try.", HelpName = "TIME", CustomParser = Values.Duration, DefaultValueFactory = _ => TimeSpan.FromSeconds(30) };
    private readonly Option<string?> _key = new("--key") { Description = "The client's key store, made on first use; default client.key.json beside genesis.", HelpName = "FILE" };
    private readonly Option<string?> _passphraseFile = new("--passphrase-file") { Description = "Where the passphrase of the client's key is; default a generated one beside the key.", HelpName = "FILE" };
    private readonly Option<string?> _passphraseVariable = new("--passphrase-env") { Description = "The environment variable that holds the passphrase of the client's key.", HelpName = "NAME" };
    private readonly Option<bool> _unsigned = new("--unsigned") { Description = "Send unsigned transactions; only on a chain made with --unsigned." };
    private readonly CommandEnvironment _environment;

    private TargetOptions(CommandEnvironment environment, string name, string alias)
    {
        _environment = environment;
        _endpoints = new Option<ClientEndpoint[]?>(name, alias)
        {
            Description = "Validators to talk to first, separated by commas: http(s)://host:port; default those of genesis. Where one validator's word does not suffice, the others of genesis are asked, too.",
            HelpName = "ENDPOINTS",
            CustomParser = ParseEndpoints,
        };
    }

    /// <summary>Adds the options of a command that reads.</summary>
    public static TargetOptions ForReading(CommandEnvironment environment, Command command, bool timeout = true) =>
        new TargetOptions(environment, "--from", "--to").AddTo(command, timeout);

    /// <summary>Adds the options of a command that reads, and may have to order its read.</summary>
    public static TargetOptions ForOrderedReading(CommandEnvironment environment, Command command)
    {
        TargetOptions options = ForReading(environment, command);
        options._key.Description = "A client's key store: the read is ordered as that client where no quorum agrees; default a key of this call alone, which is never written.";
        return options.AddKeyTo(command);
    }

    /// <summary>Adds the options of a command that writes.</summary>
    public static TargetOptions ForWriting(CommandEnvironment environment, Command command, bool timeout = true) =>
        new TargetOptions(environment, "--to", "--from").AddTo(command, timeout).AddKeyTo(command).AddUnsignedTo(command);

    /// <summary>Whom to talk to.</summary>
    public ClientTarget Target(ParseResult result)
    {
        Genesis genesis = GenesisFile.Read(GenesisPath(result));
        ClientEndpoint[]? endpoints = result.GetValue(_endpoints);
        return new ClientTarget(genesis, [.. endpoints is { Length: > 0 } ? endpoints : genesis.Validators.Select(ClientEndpoint.Of)]);
    }

    /// <summary>The directory in which a client keeps its things: that of genesis.</summary>
    public DataLayout ClientDirectory(ParseResult result) => DataLayout.At(Path.GetDirectoryName(Path.GetFullPath(GenesisPath(result)))!);

    /// <summary>Who sends the transactions.</summary>
    public ClientIdentity Identity(ParseResult result, Genesis genesis)
    {
        bool unsigned = result.GetValue(_unsigned);
        if (unsigned && !genesis.AcceptUnsigned)
        {
            throw new CommandException("this chain admits no unsigned transactions", "--unsigned", "leave the option out, or make a chain with \"bft up --unsigned\"");
        }

        return ClientKey.OpenOrMake(KeyPath(result), Passphrase(result)) with { SignsRuns = !unsigned };
    }

    /// <summary>Who orders a read: the client that is named, else one of this call alone.</summary>
    /// <returns>Opens it; a key that is never needed is never opened.</returns>
    /// <exception cref="CommandException">A key is named that is not there: reading makes none.</exception>
    public Func<ClientIdentity> Ordering(ParseResult result)
    {
        PassphraseSource? passphrase = Passphrase(result);
        if (result.GetValue(_key) is null && passphrase is null)
        {
            return ReaderIdentity.Make;
        }

        string key = KeyPath(result);
        return File.Exists(key)
            ? () => ClientKey.Open(key, passphrase)
            : throw new CommandException("there is no such key store", Path.GetFullPath(key), "name a client's key with --key, or leave out the key and its passphrase: reading needs none");
    }

    /// <summary>Does something within the time that was given to it.</summary>
    public async Task<T> WithinAsync<T>(ParseResult result, Func<CancellationToken, Task<T>> action, CancellationToken cancellation)
    {
        TimeSpan limit = result.GetValue(_timeout) ?? throw new InvalidOperationException("The command has no time limit.");
        using var late = new CancellationTokenSource(limit, _environment.Composition.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        try
        {
            return await action(both.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            string endpoints = string.Join(", ", Target(result).Endpoints);
            throw new CommandException($"no answer that can be believed within {limit.TotalSeconds:0.###} s", endpoints, "check with \"bft status\" that a quorum of validators runs, or give more time with --timeout");
        }
    }

    private static ClientEndpoint[]? ParseEndpoints(ArgumentResult result)
    {
        string[] parts = Values.List(result) ?? [];
        ImmutableArray<ClientEndpoint>.Builder endpoints = ImmutableArray.CreateBuilder<ClientEndpoint>();
        foreach (string part in parts)
        {
            if (ClientEndpoint.Parse(part) is not { } endpoint)
            {
                result.AddError($"\"{part}\" is no endpoint; write http://host:port or https://host:port");
                return null;
            }

            endpoints.Add(endpoint);
        }

        return [.. endpoints];
    }

    private string KeyPath(ParseResult result) => result.GetValue(_key) ?? ClientDirectory(result).ClientKey;

    private PassphraseSource? Passphrase(ParseResult result) => PassphraseOptions.Source(result.GetValue(_passphraseFile), result.GetValue(_passphraseVariable));

    private string GenesisPath(ParseResult result) => result.GetValue(_genesis) ?? DataLayout.At(result.GetValue(_data)!).Genesis;

    private TargetOptions AddTo(Command command, bool timeout)
    {
        command.Options.Add(_endpoints);
        command.Options.Add(_genesis);
        command.Options.Add(_data);
        if (timeout)
        {
            command.Options.Add(_timeout);
        }

        return this;
    }

    private TargetOptions AddKeyTo(Command command)
    {
        command.Options.Add(_key);
        command.Options.Add(_passphraseFile);
        command.Options.Add(_passphraseVariable);
        return this;
    }

    private TargetOptions AddUnsignedTo(Command command)
    {
        command.Options.Add(_unsigned);
        return this;
    }
}
